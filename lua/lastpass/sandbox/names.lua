--- Words for invented people and companies: many cultures, with the ASCII form that e-mail
-- addresses use. "Zoë=zoe" gives the form when it is not simply the name in lower case;
-- "_" stands for a blank.
-- @module lastpass.sandbox.names
local M = {}

local first_names = [[
Aaron Abdullah=abdullah Abigail Adaeze Adam Adele Adrián=adrian Agnieszka Ahmed Aiko Aisha
Alejandra Aleksander Alessia Alice Amara Amélie=amelie Amina Amir Ana Anders Andrea Andrzej
Aneta Angela Anika Anjali Anna Antoine António=antonio Arjun Arthur Åsa=asa Astrid
Aurélie=aurelie Ayşe=ayse Bartosz Beatriz Ben Bianca Björn=bjoern Boris Bram Brendan Brigitte
Bruno Camila Carla Carlos Caroline Catarina Cecilia Céline=celine Charles Charlotte Chiara
Chidi Chiamaka Chloé=chloe Christoph Claire Clara Connor Corina Cristina Daan Daniel Daniela
Darius David Deborah Demetrios Denise Derya Diana Diego Dimitri Dmytro Dominic Dorota Duc Dylan
Edith Eduardo Eleni Elena Elif Elin Elisabeth Ella Emeka Emil Emilia Emily Emma Emre Enrico Erik
Esther Ethan Eva Fabian Farah Fatima Felipe Felix Fernanda Finn Fiona Florian Francesca Frank
François=francois Frederik Gabriel Gabriela Georg George Gianluca Giulia Grace Grzegorz
Guillaume Gustavo Hana Hannah Hans Harriet Haruto Hassan Héctor=hector Heidi Helen Henrik
Hiroshi Hugo Ibrahim Ida Ifeoma Imran Ines Ingrid Irene Isabel Isabella Ivan Jack Jakub James
Jan Jana Javier Jens Ji-woo Jin Joanna João=joao Johanna John Jonas Jorge José=jose Josefine
Joseph Julia Julien Jürgen=juergen Kaito Karin Karolina Katarzyna Katherine Kenji Khadija Klara
Kofi Krzysztof Kwame Lars Laura Layla Leila Leo Lena Liam Lin Linda Linh Lisa Lotte Louise Lucas
Lucía=lucia Luis Łukasz=lukasz Mads Magdalena Magnus Maja Małgorzata=malgorzata Manuel Marcel
Marco Margaret Maria Marie Mariam Marta Martin Mateo Mathieu Matilda Matteo Max Mehmet Mei Mia
Michael Michał=michal Miguel Mika Milan Mina Minh Miriam Mohammed Mónica=monica Nadia Naomi
Natalia Ndidi Neha Nguyen Nia Nicolas Niklas Nina Noah Noémie=noemie Nora Oksana Ola Olga
Oliver Olivia Omar Óscar=oscar Oskar Paolo Patricia Patrick Paul Paula Pavel Pedro Peter Petra
Philip Pierre Piotr Priya Quentin Rachel Rafael Rahul Raúl=raul Rebecca René=rene Ricardo Riya
Robert Rosa Ruth Ryan Saanvi Sabine Sakura Samira Samuel Sandra Sanjay Sara Sean Sebastian Selma
Siobhán=siobhan Simon Sina Sofía=sofia Søren=soeren Stefan Stella Sven Sylvie Szymon Tamar
Tariq Teresa Thabo Thandiwe Théo=theo Thomas Tim Tomás=tomas Tomasz Ulrike Uma Valentina Vera
Victor Viktor Vikram Vincent Wei William Wojciech Xiu Yara Yasmin Yusuf Yui Yuki Yuto Zainab
Zara Zeynep Zoë=zoe Zofia Zsófia=zsofia
]]

local last_names = [[
Abbott Abe Achterberg Adeyemi Agarwal Aguilar Ahmadi Akhtar Albrecht Aldana Ali Allen Almeida
Álvarez=alvarez Amundsen Andersen Andersson Andrade Ankrah Anwar Arslan Asante Ashworth
Aydın=aydin Bailey Baker Bakker Balogun Banerjee Barbosa Barros Bauer Baumann Beck Becker Bell
Benali Bennett Berg Berger Bergström=bergstroem Bernard Bianchi Bjørnstad=bjoernstad Blanc
Boateng Böhm=boehm Bondarenko Bonnet Borges Bosch Bouchard Boyd Brandt Brennan Brooks Brouwer
Brown Bruno Burke Byrne Cabrera Campbell Cardoso Carlsson Carrasco Carter Carvalho Castillo
Castro Çelik=celik Chan Chandra Chang Chaudhary Chen Chevalier Christensen Clark Clarke Cohen
Coleman Collins Colombo Conti Cooper Correia Costa Cox Cruz Cunningham Da_Silva=dasilva Dahl
Dang Das Davies Davis De_Jong=dejong De_la_Cruz=delacruz De_Vries=devries Delgado Demir Desai
Diallo Díaz=diaz Dijkstra Dobrowolski Domínguez=dominguez Doyle Dubois Duarte Dufour Dumont
Duncan Dupont Dvořák=dvorak Eder Edwards Ekström=ekstroem El-Sayed Eriksen Eriksson Esposito
Evans Eze Fabre Farouk Faure Fernandes Fernández=fernandez Ferrari Ferreira Fischer Fitzgerald
Flores Fontaine Forsberg Foster Fournier Franco Frank Fraser Friedrich Fuchs Fujita Gallagher
Gallo García=garcia Garnier Gauthier George Gerber Giordano Girard Gomes Gómez=gomez
Gonçalves=goncalves González=gonzalez Goto Graham Grant Gray Greco Green Griffin Gruber
Guerrero Gunnarsson Gupta Gustafsson Gutiérrez=gutierrez Haas Habib Hall Hamid Hansen Hara
Harris Hartmann Hasegawa Hashimoto Hayes Hein Hendriks Henry Hernández=hernandez Herrera Hill
Hoang Hofer Hoffmann Holm Horvat Horváth=horvath Hossain Huang Huber Hughes Hussain
Ibáñez=ibanez Ibrahim Ikeda Iliescu Inoue Iqbal Ishikawa Islam Ito Ivanova Iyer Jackson Jacobs
Jain Jansen Jansson Janssen Jensen Jiménez=jimenez Johansen Johansson Johnson Jones Joshi
Jovanović=jovanovic Jung Kaiser Kamara Kaminski Kang Kapoor Karlsson Kato Kaya Keller Kelly
Kennedy Khan Kim King Kipkemboi Klein Koch Kovács=kovacs Kovalenko Kowalczyk Kowalski Kozak
Kraus Krishnan Kristensen Krüger=krueger Kumar Kuznetsova Laine Lam Lambert Lang Larsen Larsson
Lau Laurent Le Lebedev Leclerc Lee Lefebvre Lehmann Leroy Leung Lewis Li Lim Lin Lind Lindberg
Liu Lombardi López=lopez Lopes Lorenz Lund Lundqvist Ma Macdonald Machado Maciel Maier Malik
Mancini Marchand Marino Markovic Marques Marsh Martel Martín=martin Martínez=martinez Martins
Masuda Mathur Matsumoto Mayer Mazur Mbeki McCarthy McKenzie Medina Mehta Meier Mendes Mendoza
Mensah Mercier Meyer Miller Mishra Mitchell Moen Mohamed Molina Möller=moeller Monteiro Moore
Morales Moreau Morel Moreno Moretti Morgan Mori Morin Morris Moser Müller=mueller Muñoz=munoz
Murakami Murphy Murray Mwangi Nagy Nair Nakamura Navarro Ndiaye Nel Nelson Németh=nemeth
Neumann Ng Ngo Nguyen Nielsen Nikolaidis Nilsen Nilsson Nishimura Novak Nováková=novakova
Nowak Nunes Nwosu O'Brien O'Connor O'Donnell O'Neill Oduya Ogawa Okada Okafor Okonkwo Oliveira
Olsen Olsson Onyango Ortega Ortiz Osei Østergaard=oestergaard Öztürk=ozturk Pal Papadopoulos
Park Parker Parra Patel Pavlenko Pedersen Peeters Peña=pena Pereira Pérez=perez Perrin Persson
Petersen Petrov Pettersson Pfeiffer Pham Phan Phillips Pieters Pillai Pinto Popescu Popov Powell
Prasad Price Quinn Rahman Rajan Ramírez=ramirez Ramos Rao Rasmussen Reddy Reid Renard Reyes
Ribeiro Ricci Richard Richter Rinaldi Ríos=rios Rivera Roberts Robinson Rocha Rodrigues
Rodríguez=rodriguez Rojas Romano Romero Rossi Roth Rousseau Roux Roy Ruiz Russo Ryan Saito
Salazar Saleh Salim Sánchez=sanchez Sandberg Santoro Santos Sari Sato Sauer Saunders
Savić=savic Scholz Schmid Schmidt Schneider Schröder=schroeder Schulz Schuster Schwarz Scott
Serra Shah Sharma Shevchenko Shimizu Shrestha Silva Simon Singh Sithole Smit Smith Soares
Solberg Sørensen=soerensen Soto Sousa Stewart Stoica Strand Suárez=suarez Sullivan Sundaram
Suzuki Svensson Svoboda Szabó=szabo Szymański=szymanski Takahashi Tan Tanaka Tariq Taylor
Teixeira Tembo Thomas Thompson Thomsen Thorsen Torres Tóth=toth Tran Tremblay Tsang Turner
Usman Vainio Valente Van_den_Berg=vandenberg Van_Dijk=vandijk Vargas Vasquez Vega Verma
Vermeulen Vidal Vieira Vincent Virtanen Visser Vogel Vogt Wagner Walker Wallin Walsh Wang Ward
Watanabe Weber Weiss Werner White Williams Wilson Winkler Winter Wolf Wong Wood Wright Wu Xu
Yadav Yamada Yamamoto Yang Yeo Yıldız=yildiz Yilmaz Young Yu Zając=zajac Zapata Zhang Zhao
Zheng Zhou Zieliński=zielinski Zimmermann Zulu
]]

local departments = [[
Engineering Sales Customer_Support Finance Marketing Operations Human_Resources IT/Operations
Legal_&_Compliance Product R&D_/_Labs Procurement Logistics Quality Security Data_Science
Field_Service Communications Design Facilities Treasury Training Partner_Management
Qualité_Europe
]]

local cities = [[
London Berlin New_York Zürich Lyon Kraków Lisboa São_Paulo Toronto København Milano Madrid
Dublin Singapore Bengaluru Tōkyō Sydney Austin Chicago Boston Stockholm Wien Praha Nairobi
Lagos
]]

local teams = [[
Atlas Beacon Cedar Delta Ember Falcon Granite Harbor Iris Juniper Kestrel Lagoon Meridian Nimbus
Orchid Pioneer Quartz Raven Summit Tundra Umbra Vertex Willow Zephyr
]]

local companies = [[
Kestrel_Logistics=kestrel-logistics Northmoor_Foods=northmoor-foods Alder_&_Finch=alder-finch
Brightwater_Energy=brightwater-energy Halden_Medical=halden-medical Lumenor=lumenor
Castellan_Insurance=castellan-insurance Pinegate_Software=pinegate-software
Ostrava_Steel_Works=ostrava-steel Meridian_Travel=meridian-travel Bluefjord=bluefjord
Tamarind_Retail=tamarind-retail
]]

local folder_subjects = [[
AWS_production Bank_portals Social_media Office_alarm_codes Customer_portals DNS_and_domains
Payroll Wi-Fi Vendor_accounts CI_and_build Analytics Travel_bookings Test_accounts Backups
Shipping_carriers App_stores Press_contacts Tax_offices Licences Building_access
]]

local sites = [[
aws.amazon.com github.com salesforce.com office.com slack.com dropbox.com zoom.us linkedin.com
paypal.com xero.com stripe.com atlassian.net figma.com hubspot.com zendesk.com docusign.net
godaddy.com cloudflare.com adobe.com notion.so mailchimp.com shopify.com twilio.com
datadoghq.com
]]

-- "Zoë=zoe" -> "Zoë", "zoe"; without a form: lower case, apostrophes left out.
local function split_word(word)
  local display, mail = word:match("^(.-)=(.+)$")
  display = (display or word):gsub("_", " ")
  return display, mail or display:lower():gsub("'", ""):gsub(" ", "")
end

-- Words in their order; a word whose mail form is taken already is left out, so that the mail
-- form can be looked up.
local function list_of(text)
  local list = { display = {}, mail = {}, index = {} }
  for word in text:gmatch("%S+") do
    local display, mail = split_word(word)
    if not list.index[mail] then
      local at = #list.display + 1
      list.display[at], list.mail[at], list.index[mail] = display, mail, at
    end
  end
  return list
end

--- Every list has `display` (what people read), `mail` (ASCII) and `index` (of a mail).
---@class lastpass.sandbox.names.List
---@field display string[]
---@field mail string[]
---@field index table<string, integer>

M.first = list_of(first_names)
M.last = list_of(last_names)
M.departments = list_of(departments)
M.cities = list_of(cities)
M.teams = list_of(teams)
M.companies = list_of(companies)
M.folder_subjects = list_of(folder_subjects)
M.sites = list_of(sites)

return M
